select member_id, member_name, plan, joined_on
from {{ source('raw', 'members') }}
