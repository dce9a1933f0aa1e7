"""The public kit for plugin authors: a virtual clock, in-memory sides, a fault wrapper, conformance classes.

Import the modules one by one; only `calbridge.testing.conformance` needs pytest, and `mail_server` aiosmtpd.
"""
