import ./common "chat"
