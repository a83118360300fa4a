"""What only SAM itself can show; needs Docker."""
