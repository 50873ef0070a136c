"""What a negative prompt takes away, and what that costs the rest of the picture: measured on the engine's own pictures."""
