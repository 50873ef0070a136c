"""Training, one file per network. All share `loop.py`: checkpoints, exact resume, learning rate."""
