import shop


def handler(event, context):
    return shop.NAME + "!"
