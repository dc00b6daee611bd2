"""What the screens are made of: the board, long lists, the bars above and below."""
