NAME = "queue"
