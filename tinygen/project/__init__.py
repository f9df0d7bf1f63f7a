"""From a C library and a board to a PlatformIO project."""
