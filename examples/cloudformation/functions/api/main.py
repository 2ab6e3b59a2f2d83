import json


def handler(event, context):
    order = json.loads(event["body"])
    return {"statusCode": 200, "body": f"Thank you, {order['customer']}."}
