"""The service's end of the models' processes: starting, watching and asking them."""
