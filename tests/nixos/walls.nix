import ./common "walls"
