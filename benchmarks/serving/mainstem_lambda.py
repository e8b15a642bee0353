"""The same through `mainstem.serving.aws_lambda`."""

from mainstem.serving import aws_lambda

# isort: split

from mainstem_functions import catalog

handler = aws_lambda.handler(catalog)
