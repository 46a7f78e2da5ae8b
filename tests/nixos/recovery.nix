import ./common "recovery"
