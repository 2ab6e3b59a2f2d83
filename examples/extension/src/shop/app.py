import six
from shop import _fast


def handler(event, context):
    return six.text_type(int(_fast.__name__ == "shop._fast"))
