"""How is a table kept in a file while it grows, so that nothing that is finished is ever lost or mixed up?

Decision 13 tells why the file is as it is. Nothing here knows models or chains.
"""
