from shop import own_cron, shared


def handler(event, context):
    return shared.greet(own_cron.NAME)
