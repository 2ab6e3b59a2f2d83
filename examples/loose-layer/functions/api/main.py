import tools


def handler(event, context):
    return tools.NAME
