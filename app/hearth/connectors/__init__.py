"""What fetches from elsewhere into a pod's inbox. The pods themselves have no network."""
