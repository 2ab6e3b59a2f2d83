import six


def handler(event, context):
    return "mail" + six.text_type(1)
