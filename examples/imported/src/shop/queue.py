from shop import own_queue, shared


def handler(event, context):
    return shared.greet(own_queue.NAME)
