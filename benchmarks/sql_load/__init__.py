"""Do runaway queries end, is nothing lost in a restart, and does memory stay flat?"""
