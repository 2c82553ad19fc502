# SPDX-License-Identifier: Apache-2.0
"""What Schemathesis is told of this API."""
import schemathesis


@schemathesis.hook
def map_query(context, query):
    """A watch answers with one document after the other until it ends, which no OpenAPI document can say."""
    if query:
        query.pop("watch", None)
    return query
