"""Registration is verified, not hoped for.

What the catalogue says, what an endpoint serves and what a server holds are brought to one spelling
(`described`), written down for review (`manifest`), compared offline (`changes`, `contract`,
`parts`) and asked for over HTTP (`endpoints`, `servers`). Deciding is done by pure functions over
frozen values; only the modules that ask do I/O. Nothing here serves, and nothing is registered
unless `sync` is told to.
"""
