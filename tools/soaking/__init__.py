"""The campaign behind `tools/soak.py`: an engine and an app are killed under load, again and again.

`app` is the app, `load` sends it events, `victims` are the processes, `campaign` kills them,
`record` reads what the engine's file holds in the end, and `verdict` judges it.
"""
