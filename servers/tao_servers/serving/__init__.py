"""What every server shares.

`guard` keeps stdout clean, `options` reads the command line, `server` makes a server, `process` runs it,
`http` lets it listen, `access` and `logs` write down who called what, `results` forms what tools return,
`progress` and `tables` show on a terminal what a command does and found.
"""
