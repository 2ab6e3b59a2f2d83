import six


def handler(event, context):
    return "user" + six.text_type(1)
