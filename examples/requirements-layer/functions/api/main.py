import six


def handler(event, context):
    return six.text_type(1)
