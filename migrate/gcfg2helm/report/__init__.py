"""What people and machines read of a conversion; printing decides nothing."""
