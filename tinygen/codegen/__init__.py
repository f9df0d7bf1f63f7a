"""From a Plan to C files."""
