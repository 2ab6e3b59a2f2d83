import idna


def handler(event, context):
    return idna.encode("a").decode()
