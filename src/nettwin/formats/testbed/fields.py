"""All fields that lines of the two collections have, and what becomes of them."""

from nettwin.formats.coverage import CoverageLog
from nettwin.formats.testbed.files import Record

READ = """
flow_avg_delay flow_avg_delay_per_seg flow_avg_packet_size_per_seg flow_delay_ms flow_has_delay flow_id flow_OFF_time flow_ON_time
flow_packet_size flow_traffic flow_traffic_per_seg flow_type link_capacity link_pkt_header_size link_to_path window
"""
IGNORED = {
    "follows from other fields": """
        flow_has_traffic flow_lambda flow_length flow_ON_bits_rate flow_packets flow_packets_per_seg flow_seg_membership
        flow_total_packets flow_trans_pkts flow_trans_pkts_per_seg link_r_capacity link_r_pkt_header_size link_s_capacity
        link_s_pkt_header_size num_flows num_r_links num_s_links path_to_link path_to_r_link path_to_s_link queue_to_link
        r_queue_to_r_link s_queue_to_s_link seg_num
    """,
    "where the line comes from": "fold sample_file_id sample_file_name sample_idx split",
    "its definition is not stated": "flow_p99_jitter buffer_type",
}
_READ = frozenset(READ.split())
_NOTES = {field: note for note, names in IGNORED.items() for field in names.split()}


def report_fields(record: Record, coverage: CoverageLog) -> None:
    """What is left out, with the reason, and what is not known at all."""
    for field in record:
        if field in _NOTES:
            coverage.ignored(field, field, _NOTES[field])
        elif field not in _READ:
            coverage.unknown(field, field)
