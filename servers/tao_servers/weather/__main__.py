from tao_servers.weather import main

main()
