"""The command line has one module per verb."""
