NAME = "mail"
