"""What a scientist's server does before JupyterLab starts in a container."""
