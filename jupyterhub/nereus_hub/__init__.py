"""What JupyterHub is given to be this platform's: who logs in, and how a scientist's server is started and limited."""
