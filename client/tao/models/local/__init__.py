"""The embedded chat model: which there are, how their weights get here, and the process that serves one.

Take things from the modules (`catalog`, `fetch`, `process`): the serving process imports this package too,
and pays for nothing that it does not use.
"""
