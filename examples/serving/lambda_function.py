"""An AWS Lambda function: set its handler to `lambda_function.handler`."""

from shop import catalog

from mainstem.serving import aws_lambda

handler = aws_lambda.handler(catalog)
