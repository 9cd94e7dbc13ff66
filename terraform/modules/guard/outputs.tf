# Nobody reads a guard.
