"""Runs over HTTP: started, listed, looked at, followed, asked, continued."""
