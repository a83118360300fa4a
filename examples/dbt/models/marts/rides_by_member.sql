select
    rides.ride_id,
    members.member_name,
    members.plan,
    stations.district as start_district,
    rides.minutes
from {{ ref('stg_rides') }} as rides
join {{ ref('stg_members') }} as members on members.member_id = rides.member_id
join {{ ref('stg_stations') }} as stations on stations.station_id = rides.start_station_id
