import ./common "isolation"
