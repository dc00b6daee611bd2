"""Bad input, broken stores, crowds, crashes and odd terminals: the program against its enemies and against bad luck."""
