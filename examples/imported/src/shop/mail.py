from shop import own_mail, shared


def handler(event, context):
    return shared.greet(own_mail.NAME)
