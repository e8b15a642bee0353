"""The work itself: capture, classify and update, as definitions that are bound elsewhere.

A definition is plain data and a coroutine; importing this room creates no client, opens nothing
and reads no environment. What a handler needs is handed to it as `Services`. The client, the
endpoint and the settings are other rooms' business.
"""
