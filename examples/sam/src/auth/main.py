import six


def handler(event, context):
    return "auth" + six.text_type(1)
