select station_id, station_name, district, docks
from {{ ref('stations') }}
