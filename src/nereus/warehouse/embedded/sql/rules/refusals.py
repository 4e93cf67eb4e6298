"""Why functions of Doris are refused, and what to write instead."""

from __future__ import annotations

import re

from nereus.warehouse.embedded.sql.registry import REFUSED
from nereus.warehouse.embedded.sql.rules.builtins import NAMES

#: Pattern of names -> reason; the first that matches a name counts.
_REASONS: tuple[tuple[str, str], ...] = (
    (
        r"hll_(to|from)_base64",
        "the order of hashes in Doris' bytes is not reproduced.",
    ),
    (
        r"percentile_approx_weighted|percentile_reservoir|quantile_.*|to_quantile_state",
        "the estimate of Doris' digest is not reproduced. Write percentile(x, p).",
    ),
    (
        r"orthogonal_bitmap.*",
        "its answer depends on how rows are spread over a cluster. Write bitmap_union_count or intersect_count.",
    ),
    (r"bitmap_(to|from)_base64", "the bytes of a roaring bitmap are not reproduced. Write bitmap_to_string(b)."),
    (r"histogram|hist", "its text is not reproduced. Write width_bucket(x, lo, hi, n) and GROUP BY it."),
    (r"linear_histogram", "its text is not reproduced. Write floor(x / n) and GROUP BY it."),
    (r"count_by_enum", "the order in its text is that of a hash table. Write count(*) and GROUP BY the column."),
    (r"topn_weighted", "its estimate is not reproduced. Write sum(weight) and ORDER BY it with a LIMIT."),
    (r"corr_welford", "its last digits depend on the order of rows in another way than Doris'."),
    (r"st_.*", "there is no geometry."),
    (r"ai_.*|embed", "it would call a language model."),
    (r".*distance.*|inner_product.*", "vector search is not implemented."),
    (r"(pos)?explode.*", "it stands in LATERAL VIEW only."),
    (
        r"numbers|s3|hdfs|file|local|query|http_stream|jobs|tasks|mv_infos|partitions|partition_values|catalogs"
        r"|backends|frontends.*|.*_meta|group_commit",
        "it is no function of values: it stands in FROM only.",
    ),
    (r"(aes|sm4)_.*|(un)?compress|sm3.*|password|xxhash.*", "its bytes are not reproduced."),
    (r"dict_get.*", "there are no dictionaries."),
    (r"sleep", "it would hold a thread of the warehouse."),
    (r"tokenize|score|esquery|multi_match.*|multi_search.*|ngram_search", "there is no inverted index. Write LIKE."),
    (r".*ipv[46].*|inet.*|is_ip.*", "addresses of type IPV4 and IPV6 are not implemented."),
    (r"array_shuffle|shuffle", "its order is random."),
    (r"array_(split|reverse_split|apply|enumerate_uniq)", "it is not implemented."),
    (r"json_search", "the order of several matches is not certain. Extract values with json_extract_string."),
    (r"variant_type", "there are no variants."),
    (r"auto_partition_name", "it answers from the cluster."),
    (r"time|to_time", "values of type TIME are not implemented."),
    (r"extract_url_parameter|.*domain.*|protocol", "it is not implemented. Write parse_url(url, part)."),
    (r"xpath_string", "XML is not implemented."),
)


def fill() -> None:
    """Register the reasons; a rule that is registered goes first."""
    for name in NAMES:
        for pattern, reason in _REASONS:
            if re.fullmatch(pattern, name):
                REFUSED[name] = reason
                break


fill()
