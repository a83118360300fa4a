select ride_id
from {{ ref('stg_rides') }}
where minutes < 0
