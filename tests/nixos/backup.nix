import ./common "backup"
