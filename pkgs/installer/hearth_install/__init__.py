"""The installer of the appliance: standard library only, since it runs from a stick."""
