import humanize


def handler(event, context):
    return [humanize.naturalsize(record["s3"]["object"]["size"]) for record in event["Records"]]
