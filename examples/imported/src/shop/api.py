from shop import own_api, shared


def handler(event, context):
    return shared.greet(own_api.NAME)
