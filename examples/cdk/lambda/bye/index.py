import six


def handler(event, context):
    return six.u("bye")
